"""清算与交收: what a closed trading day owes, delivered against payment and reconciled with the banks."""
