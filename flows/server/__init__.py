"""What `nurture up` runs: a Prefect server of our own, a worker, the pages; kept up until somebody stops them."""
