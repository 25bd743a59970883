"""One file a journey, written by marketers. ``nurture check`` tells what is wrong with one."""
