package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unsafe"
)

// init adds those functions of confd's living fork that give the same result every time, and one that makes a time.
func init() {
	for name, function := range map[string]interface{}{
		"trimPrefix": strings.TrimPrefix,
		"repeat":     repeat,
		"indent":     indent,
		"nindent": func(spaces int, text string) (string, error) {
			lines, err := indent(spaces, text)
			return "\n" + lines, err
		},
		"quote":           func(text string) string { return fmt.Sprintf("%q", text) },
		"squote":          func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" },
		"nospace":         nospace,
		"regexMatch":      regexp.MatchString,
		"regexFind":       regexFind,
		"regexReplaceAll": regexReplaceAll,
		"sha256sum":       func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
		"toJson":          func(value interface{}) (string, error) { bytes, err := json.Marshal(value); return string(bytes), err },
		"toPrettyJson":    toPrettyJSON,
		"fromJson":        fromJSON,
		"dict":            mapOf,
		"list":            func(items ...interface{}) []interface{} { return items },
		"hasKey":          func(object map[string]interface{}, key string) bool { _, ok := object[key]; return ok },
		"timeAt":          timeAt,
		"clockAt":         clockAt,
		"lasting":         func(nanoseconds int) time.Duration { return time.Duration(nanoseconds) },
	} {
		functions[name] = function
	}
}

// repeat is the fork's, but for what would fill the memory.
func repeat(count int, text string) (string, error) {
	if count > 1000 {
		return "", errors.New("too long")
	}
	return strings.Repeat(text, count), nil
}

func indent(spaces int, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	margin, err := repeat(spaces, " ")
	return margin + strings.ReplaceAll(text, "\n", "\n"+margin), err
}

func nospace(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

func regexFind(pattern, text string) (string, error) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "", err
	}
	return expression.FindString(text), nil
}

func regexReplaceAll(pattern, text, by string) (string, error) {
	expression, err := regexp.Compile(pattern)
	if err != nil {
		return "", err
	}
	return expression.ReplaceAllString(text, by), nil
}

func toPrettyJSON(value interface{}) (string, error) {
	bytes, err := json.MarshalIndent(value, "", "  ")
	return string(bytes), err
}

func fromJSON(text string) (interface{}, error) {
	var value interface{}
	err := json.Unmarshal([]byte(text), &value)
	return value, err
}

// timeAt is a moment in a zone, as datetime would give it but for its monotonic reading.
func timeAt(seconds, nanoseconds int, zone string, offset int) time.Time {
	return time.Unix(int64(seconds), int64(nanoseconds)).In(time.FixedZone(zone, offset))
}

// clockAt is a moment as the clock gives it: in local time, with a monotonic reading, which no function of Go can set.
func clockAt(seconds, nanoseconds, running int) time.Time {
	read := time.Now()
	parts := (*struct {
		wall uint64
		ext  int64
		loc  *time.Location
	})(unsafe.Pointer(&read))
	const until1885 = 2682288000
	parts.wall = 1<<63 | uint64(seconds+until1885)<<30 | uint64(nanoseconds)
	parts.ext = int64(running)
	return read
}
