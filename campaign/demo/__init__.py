"""A made-up group for trying things out: built by calling the services, with the clock set to the days of the story."""
