"""Who takes part: subjects, their dated names, their accounts, and the people who act for them."""
