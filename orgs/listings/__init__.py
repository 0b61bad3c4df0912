"""Tables with the filters above them, a module for each subject."""
