"""Objects for people: the rows that `kubectl get` prints."""
