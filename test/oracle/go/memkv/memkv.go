// Package memkv is the in-memory store that confd's templates read, as its users see it.
package memkv

import (
	"fmt"
	"path"
	"sort"
	"strings"
)

// KVPair is one key with its value.
type KVPair struct {
	Key   string
	Value string
}

// KVPairs are pairs in the order of their keys.
type KVPairs []KVPair

func (p KVPairs) Len() int           { return len(p) }
func (p KVPairs) Less(i, j int) bool { return p[i].Key < p[j].Key }
func (p KVPairs) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }

// Store holds all values by key.
type Store map[string]string

// Funcs are the seven functions of a store.
func (s Store) Funcs() map[string]interface{} {
	return map[string]interface{}{
		"exists": s.exists,
		"get":    s.get,
		"getv":   s.getv,
		"gets":   s.gets,
		"getvs":  s.getvs,
		"ls":     s.ls,
		"lsdir":  s.lsdir,
	}
}

func (s Store) exists(key string) bool {
	_, ok := s[key]
	return ok
}

func (s Store) get(key string) (KVPair, error) {
	value, ok := s[key]
	if !ok {
		return KVPair{}, fmt.Errorf("key does not exist: %s", key)
	}
	return KVPair{key, value}, nil
}

func (s Store) getv(key string, defaults ...string) (string, error) {
	if value, ok := s[key]; ok {
		return value, nil
	}
	if len(defaults) > 0 {
		return defaults[0], nil
	}
	return "", fmt.Errorf("key does not exist: %s", key)
}

func (s Store) gets(pattern string) (KVPairs, error) {
	pairs := KVPairs{}
	for key, value := range s {
		match, err := path.Match(pattern, key)
		if err != nil {
			return nil, err
		}
		if match {
			pairs = append(pairs, KVPair{key, value})
		}
	}
	sort.Sort(pairs)
	return pairs[:len(pairs):len(pairs)], nil
}

func (s Store) getvs(pattern string) ([]string, error) {
	pairs, err := s.gets(pattern)
	if err != nil {
		return nil, err
	}
	values := make([]string, 0, len(pairs))
	for _, pair := range pairs {
		values = append(values, pair.Value)
	}
	sort.Strings(values)
	return values, nil
}

func (s Store) ls(directory string) []string {
	names := map[string]bool{}
	wanted := terms(directory)
	for key := range s {
		if key == directory {
			names[path.Base(key)] = true
		} else if isBelow(terms(path.Dir(key)), wanted) {
			rest := strings.TrimPrefix(strings.TrimPrefix(key, directory), "/")
			names[strings.Split(rest, "/")[0]] = true
		}
	}
	return sorted(names)
}

func (s Store) lsdir(directory string) []string {
	names := map[string]bool{}
	wanted := terms(directory)
	for key := range s {
		parents := terms(path.Dir(key))
		if strings.HasPrefix(key, directory) && isBelow(parents, wanted) && len(parents) > len(wanted) {
			names[parents[len(wanted)]] = true
		}
	}
	return sorted(names)
}

func terms(file string) []string {
	return strings.Split(path.Clean(file), "/")
}

func isBelow(names, above []string) bool {
	if len(above) > len(names) {
		return false
	}
	for i, name := range above {
		if names[i] != name {
			return false
		}
	}
	return true
}

func sorted(names map[string]bool) []string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
