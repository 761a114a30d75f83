"""The model of an API server: a store with history, and the verbs over it."""
