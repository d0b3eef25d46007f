"""The commands that steer what starts by itself: pause, resume, drill, stop, approve, reject."""
