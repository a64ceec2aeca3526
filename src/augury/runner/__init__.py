"""Inside a worker process: loads one model and runs its predictions; started as a program, imported by no one."""
