"""What every mail has, whoever carries it: headers, MIME, SMTP, and an HTTP client that knows how far it came."""
