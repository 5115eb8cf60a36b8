package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"path"
	"sort"
	"strconv"
	"strings"
	"text/template"

	"oracle/memkv"
)

// functions are those of confd that give the same result every time, beside the store's.
var functions = template.FuncMap{
	"base":           path.Base,
	"dir":            path.Dir,
	"split":          strings.Split,
	"join":           strings.Join,
	"replace":        replace,
	"trimSuffix":     strings.TrimSuffix,
	"contains":       strings.Contains,
	"toUpper":        strings.ToUpper,
	"toLower":        strings.ToLower,
	"json":           jsonObject,
	"jsonArray":      jsonArray,
	"map":            mapOf,
	"base64Encode":   func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"base64Decode":   base64Decode,
	"parseBool":      strconv.ParseBool,
	"atoi":           strconv.Atoi,
	"add":            func(a, b int) int { return a + b },
	"sub":            func(a, b int) int { return a - b },
	"mul":            func(a, b int) int { return a * b },
	"div":            func(a, b int) int { return a / b },
	"mod":            func(a, b int) int { return a % b },
	"seq":            seq,
	"reverse":        reverse,
	"sortByLength":   sortByLength,
	"sortKVByLength": sortKVByLength,
}

// replace is confd's, but for what would fill the memory.
func replace(text, old, new string, count int) (string, error) {
	if len(text)*len(new) > 1000000 {
		return "", errors.New("too long")
	}
	return strings.Replace(text, old, new, count), nil
}

func jsonObject(text string) (map[string]interface{}, error) {
	var object map[string]interface{}
	err := json.Unmarshal([]byte(text), &object)
	return object, err
}

func jsonArray(text string) ([]interface{}, error) {
	var list []interface{}
	err := json.Unmarshal([]byte(text), &list)
	// How much room the decoder has left behind the last element is nobody's business.
	return list[:len(list):len(list)], err
}

func mapOf(values ...interface{}) (map[string]interface{}, error) {
	if len(values)%2 != 0 {
		return nil, errors.New("invalid map call")
	}
	object := make(map[string]interface{}, len(values)/2)
	for i := 0; i < len(values); i += 2 {
		key, ok := values[i].(string)
		if !ok {
			return nil, errors.New("map keys must be strings")
		}
		object[key] = values[i+1]
	}
	return object, nil
}

func base64Decode(text string) (string, error) {
	bytes, err := base64.StdEncoding.DecodeString(text)
	return string(bytes), err
}

// seq is confd's, but for what would fill the memory: numbers in templates made by chance are large.
func seq(first, last int) ([]int, error) {
	var numbers []int
	if last > first && uint64(last)-uint64(first) > 1000 {
		return nil, errors.New("too many numbers")
	}
	for i := first; i <= last; i++ {
		numbers = append(numbers, i)
	}
	return numbers[:len(numbers):len(numbers)], nil
}

func reverse(values interface{}) interface{} {
	switch list := values.(type) {
	case []string:
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	case []memkv.KVPair:
		for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
			list[i], list[j] = list[j], list[i]
		}
	}
	return values
}

func sortByLength(list []string) []string {
	sort.SliceStable(list, func(i, j int) bool { return len(list[i]) < len(list[j]) })
	return list
}

func sortKVByLength(list []memkv.KVPair) []memkv.KVPair {
	sort.SliceStable(list, func(i, j int) bool { return len(list[i].Key) < len(list[j].Key) })
	return list
}
