package admission

// CacheNames lists the sorts of items that a [Cache] has, in order.
func CacheNames() []string {
	return []string{"bundles", "chains", "checks", "paths", "policies", "warrants"}
}

// Len says how many items of one sort are remembered.
func (c *Cache) Len(name string) int {
	switch {
	case c == nil:
		return 0
	case name == "bundles":
		return c.bundles.len()
	case name == "chains":
		return c.chains.len()
	case name == "checks":
		return c.checks.len()
	case name == "paths":
		return c.paths.Len()
	case name == "policies":
		return c.policies.len()
	case name == "warrants":
		return c.warrants.len()
	}
	return 0
}

func (m *memo[K, V]) len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.items)
}
