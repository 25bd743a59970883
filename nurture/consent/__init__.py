"""What people allow and want: withdrawals, wishes, suppressions; applied, and published for pages."""
