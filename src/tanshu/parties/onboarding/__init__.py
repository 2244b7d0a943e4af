"""Onboarding 开户: applications reviewed by two, their papers, and the review of every year."""
