"""The cluster protocol as a program, with simulated time."""
