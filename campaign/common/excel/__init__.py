"""Workbooks in and out: reading what people send, telling what is wrong with it, writing forms by the office's rules."""
