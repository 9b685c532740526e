"""Files of event cameras, one module a family: readers to packets of EVENT and TRIGGER, and the writers."""
