"""Small companies, whole homes and real servers that tests share."""
