// Renders templates with Go's own text/template: one JSON object per line in, one per line out, in the same order.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"text/template"
	"time"

	"oracle/memkv"
)

// request is a template (bytes, so base64 in JSON) and what the store holds. Repeat asks for the time of that many renderings.
type request struct {
	Template []byte            `json:"template"`
	Store    map[string]string `json:"store"`
	Repeat   int               `json:"repeat"`
}

// response has the output, or the error and where it came up.
type response struct {
	Output  []byte  `json:"output"`
	Error   string  `json:"error,omitempty"`
	Phase   string  `json:"phase,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	decoder := json.NewDecoder(lines)
	encoder := json.NewEncoder(out)
	for decoder.More() {
		var asked request
		if err := decoder.Decode(&asked); err != nil {
			fmt.Fprintln(os.Stderr, "cannot read a request:", err)
			os.Exit(1)
		}
		if err := encoder.Encode(answer(asked)); err != nil {
			fmt.Fprintln(os.Stderr, "cannot write a response:", err)
			os.Exit(1)
		}
	}
}

func answer(asked request) response {
	parsed, err := template.New("t").Funcs(functions).Funcs(memkv.Store(asked.Store).Funcs()).Parse(string(asked.Template))
	if err != nil {
		return response{Error: err.Error(), Phase: "parse"}
	}
	start := time.Now()
	for i := 1; i < asked.Repeat; i++ {
		if err := parsed.Execute(&bytes.Buffer{}, nil); err != nil {
			return response{Error: err.Error(), Phase: "execute"}
		}
	}
	var output bytes.Buffer
	if err := parsed.Execute(&output, nil); err != nil {
		return response{Error: err.Error(), Phase: "execute"}
	}
	return response{Output: output.Bytes(), Seconds: time.Since(start).Seconds()}
}
