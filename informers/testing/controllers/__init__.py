"""What runs in the cluster: garbage collection, workloads, namespaces, and Pods that become ready."""
