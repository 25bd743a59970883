"""Who a person is to us: channels, addresses, and how a name finds its lead."""
