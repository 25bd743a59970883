"""The night read a second time, lead by lead, from the document and not from the SQL; random companies to compare."""
