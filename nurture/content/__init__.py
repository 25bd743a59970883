"""What marketing writes: texts and where they belong, policy, words, senders, windows; read and checked."""
