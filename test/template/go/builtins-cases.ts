import { failure, type WrittenCase } from "./case-store.js";

/** The other functions that every Go template has, and what values look like in the output. */
export const BUILTINS: Readonly<Record<string, readonly WrittenCase[]>> = {
  len: [
    ['{{len ""}} {{len "abc"}} {{len "é日😀"}}', "0 3 9"],
    ['{{len (seq 1 3)}} {{len (gets "/hosts/*")}} {{len (json (getv "/json"))}}', "3 2 5"],
    ['{{len (json "null")}} {{len (jsonArray "null")}}', "0 0"],
    ["{{len 3}}", failure('1:2: executing "t" at <len 3>: error calling len: len of type int')],
    [
      "{{len nil}}",
      failure('1:2: executing "t" at <len nil>: error calling len: reflect: call of reflect.Value.Type on zero Value'),
    ],
    [
      "{{len .x}}",
      failure('1:2: executing "t" at <len .x>: error calling len: reflect: call of reflect.Value.Type on zero Value'),
    ],
    ["{{len true}}", failure('1:2: executing "t" at <len true>: error calling len: len of type bool')],
    [
      '{{len (get "/app/name")}}',
      failure('1:2: executing "t" at <len (get "/app/name")>: error calling len: len of type memkv.KVPair'),
    ],
    ["{{len}}", failure('1:2: executing "t" at <len>: wrong number of args for len: want 1 got 0')],
    ['{{len "a" "b"}}', failure('1:2: executing "t" at <len>: wrong number of args for len: want 1 got 2')],
    [
      '{{range jsonArray "[null]"}}{{len .}}{{end}}',
      failure('1:30: executing "t" at <len .>: error calling len: len of nil pointer'),
    ],
  ],
  index: [
    ["{{index (seq 5 7) 1}}", "6"],
    ['{{index "abc" 1}} {{index "é" 0}}', "98 195"],
    ['{{index (json (getv "/json")) "name"}}', "é"],
    ['{{index (json (getv "/json")) "a" "b" 2}}', "s"],
    ['{{index (json (getv "/json")) "nope"}}', "<no value>"],
    [
      '{{index (json (getv "/json")) "nope" "x"}}',
      failure(
        '1:2: executing "t" at <index (json (getv "/json")) "nope" "x">: error calling index: index of nil pointer',
      ),
    ],
    [
      "{{index (seq 1 3) 3}}",
      failure('1:2: executing "t" at <index (seq 1 3) 3>: error calling index: reflect: slice index out of range'),
    ],
    [
      "{{index (seq 1 3) 4}}",
      failure('1:2: executing "t" at <index (seq 1 3) 4>: error calling index: index out of range: 4'),
    ],
    [
      "{{index (seq 1 3) -1}}",
      failure('1:2: executing "t" at <index (seq 1 3) -1>: error calling index: index out of range: -1'),
    ],
    [
      '{{index (seq 1 3) "a"}}',
      failure(
        '1:2: executing "t" at <index (seq 1 3) "a">: error calling index: cannot index slice/array with type string',
      ),
    ],
    [
      "{{index (seq 1 3) 1.0}}",
      failure(
        '1:2: executing "t" at <index (seq 1 3) 1.0>: error calling index: cannot index slice/array with type float64',
      ),
    ],
    [
      "{{index (seq 1 3) nil}}",
      failure('1:2: executing "t" at <index (seq 1 3) nil>: error calling index: cannot index slice/array with nil'),
    ],
    [
      '{{index "abc" 3}}',
      failure('1:2: executing "t" at <index "abc" 3>: error calling index: reflect: string index out of range'),
    ],
    [
      '{{index (json "{}") 1}}',
      failure('1:2: executing "t" at <index (json "{}") 1>: error calling index: value has type int; should be string'),
    ],
    [
      '{{index (json "{}") nil}}',
      failure(
        '1:2: executing "t" at <index (json "{}") nil>: error calling index: value is nil; should be of type string',
      ),
    ],
    ["{{index 1 0}}", failure('1:2: executing "t" at <index 1 0>: error calling index: can\'t index item of type int')],
    ["{{index nil 0}}", failure('1:2: executing "t" at <index nil 0>: error calling index: index of untyped nil')],
    ["{{index .x 0}}", failure('1:2: executing "t" at <index .x 0>: error calling index: index of untyped nil')],
    ["{{index 1}}", "1"],
    ["{{index nil}}", failure('1:2: executing "t" at <index nil>: error calling index: index of untyped nil')],
    ["{{index}}", failure('1:2: executing "t" at <index>: wrong number of args for index: want at least 1 got 0')],
    ['{{index (split "a:b" ":") 1}}', "b"],
    ['{{(index (gets "/hosts/*") 0).Value}}', "10.0.0.1:80"],
    ['{{index (split (index (split "a=b:c" "=") 1) ":") 0}}', "b"],
    ["{{0 | index (seq 4 5)}}", "4"],
    ['{{index (jsonArray (getv "/list")) 2}}', "<no value>"],
    [
      '{{index (get "/app/name") "Key"}}',
      failure(
        '1:2: executing "t" at <index (get "/app/name") "Key">: error calling index: can\'t index item of type memkv.KVPair',
      ),
    ],
    ['{{index (json "null") "a"}}', "<no value>"],
    ["{{index (seq 1 200) 'a'}}", "98"],
    ['{{index (seq 1 3) (index "\\x01" 0)}}', "2"],
  ],
  slice: [
    ['{{slice "abcd"}} {{slice "abcd" 1}} {{slice "abcd" 1 3}} {{slice "abcd" 4}}|', "abcd bcd bc |"],
    ['{{slice "é" 0 1 | printf "%q"}}', '"\\xc3"'],
    ["{{slice (seq 1 4) 1 3}} {{slice (seq 1 4) 2}} {{slice (seq 1 4) 1 2 3}}", "[2 3] [3 4] [2]"],
    ["{{slice (slice (seq 1 4) 0 1) 0 3}}", "[1 2 3]"],
    [
      "{{slice (slice (seq 1 4) 0 1 2) 0 3}}",
      failure('1:2: executing "t" at <slice (slice (seq 1 4) 0 1 2) 0 3>: error calling slice: index out of range: 3'),
    ],
    [
      '{{slice "abc" 0 1 2}}',
      failure('1:2: executing "t" at <slice "abc" 0 1 2>: error calling slice: cannot 3-index slice a string'),
    ],
    [
      '{{slice "abc" 2 1}}',
      failure('1:2: executing "t" at <slice "abc" 2 1>: error calling slice: invalid slice index: 2 > 1'),
    ],
    ['{{slice "abc" 4}}', failure('1:2: executing "t" at <slice "abc" 4>: error calling slice: index out of range: 4')],
    [
      '{{slice "abc" -1}}',
      failure('1:2: executing "t" at <slice "abc" -1>: error calling slice: index out of range: -1'),
    ],
    [
      '{{slice "abc" "a"}}',
      failure(
        '1:2: executing "t" at <slice "abc" "a">: error calling slice: cannot index slice/array with type string',
      ),
    ],
    [
      '{{slice "abc" nil}}',
      failure('1:2: executing "t" at <slice "abc" nil>: error calling slice: cannot index slice/array with nil'),
    ],
    [
      "{{slice (seq 1 3) 2 1}}",
      failure('1:2: executing "t" at <slice (seq 1 3) 2 1>: error calling slice: invalid slice index: 2 > 1'),
    ],
    [
      "{{slice (seq 1 3) 0 5}}",
      failure('1:2: executing "t" at <slice (seq 1 3) 0 5>: error calling slice: index out of range: 5'),
    ],
    [
      "{{slice (seq 1 3) 0 2 1}}",
      failure('1:2: executing "t" at <slice (seq 1 3) 0 2 1>: error calling slice: invalid slice index: 2 > 1'),
    ],
    [
      "{{slice (seq 1 3) 0 1 2 3}}",
      failure('1:2: executing "t" at <slice (seq 1 3) 0 1 2 3>: error calling slice: too many slice indexes: 4'),
    ],
    ["{{slice 1}}", failure('1:2: executing "t" at <slice 1>: error calling slice: can\'t slice item of type int')],
    ["{{slice nil}}", failure('1:2: executing "t" at <slice nil>: error calling slice: slice of untyped nil')],
    [
      '{{slice (json "{}") 1}}',
      failure(
        '1:2: executing "t" at <slice (json "{}") 1>: error calling slice: can\'t slice item of type map[string]interface {}',
      ),
    ],
    ['{{slice (gets "/hosts/*") 1}}', "[{/hosts/b 10.0.0.2:81}]"],
    ["{{slice}}", failure('1:2: executing "t" at <slice>: wrong number of args for slice: want at least 1 got 0')],
    ['{{1 | slice "abc"}}', "bc"],
  ],
  "print and println": [
    ["{{print}}|", "|"],
    ['{{print 1 2}} {{print "a" "b"}} {{print 1 "a" 2 3}}', "1 2 ab 1a2 3"],
    ["{{print nil}} {{print .x}} {{print nil nil}}", "<nil> <nil> <nil> <nil>"],
    ['{{print 1.0 true "x" 2i}}', "1 truex(0+2i)"],
    ["{{println}}", "\n"],
    ['{{println 1 "a"}}', "1 a\n"],
    ['{{println "a" "b" nil}}', "a b <nil>\n"],
    ['{{print (seq 1 3) (json "{}") (get "/app/name")}}', "[1 2 3] map[] {/app/name web}"],
    ['{{print (index "a" 0)}}', "97"],
    ["{{1 | print 2}}", "2 1"],
  ],
  "html js urlquery": [
    ['{{html "<a href=\\"x\\">&\'\\x00"}}', "&lt;a href=&#34;x&#34;&gt;&amp;&#39;�"],
    ['{{html 1 "a" 2}}', "1a2"],
    ["{{html nil}} {{html .x}}", "&lt;no value&gt; &lt;no value&gt;"],
    ['{{js "\'\\"\\\\<>&=\\n\\x00é\\u200b😀"}}', "\\'\\\"\\\\\\u003C\\u003E\\u0026\\u003D\\u000A\\u0000é\\u200B😀"],
    ["{{js 1 2}} {{js nil}}", "1 2 \\u003Cno value\\u003E"],
    ['{{urlquery "a b&c/d?é=~._-*"}}', "a+b%26c%2Fd%3F%C3%A9%3D~._-%2A"],
    ['{{urlquery 1 "x"}} {{urlquery nil}}', "1x %3Cno+value%3E"],
    ['{{"<" | html}}', "&lt;"],
    ["{{html (seq 1 2)}}", "[1 2]"],
    ['{{js "\\xff" | printf "%q"}}', '"\\xff"'],
    ["{{html}}|{{js}}|{{urlquery}}|", "|||"],
  ],
  call: [
    ["{{call nil}}", failure('1:2: executing "t" at <call nil>: error calling call: call of nil')],
    ["{{call 1}}", failure('1:2: executing "t" at <call 1>: error calling call: non-function of type int')],
    ['{{call "x" 1}}', failure('1:2: executing "t" at <call "x" 1>: error calling call: non-function of type string')],
    ["{{call}}", failure('1:2: executing "t" at <call>: wrong number of args for call: want at least 1 got 0')],
    ["{{call .x}}", failure('1:2: executing "t" at <call .x>: error calling call: call of nil')],
    ['{{call base "x"}}', failure('1:7: executing "t" at <base>: wrong number of args for base: want 1 got 0')],
  ],
  "values as text": [
    ["{{.}}", "<no value>"],
    ["{{nil | print}}", failure('1:2: executing "t" at <nil>: nil is not a command')],
    ['{{json "null"}} {{jsonArray "null"}}', "map[] []"],
    ['{{json (getv "/json")}}', "map[a:map[b:[1 2.5 s <nil> true]] big:1.2345678e+07 n:<nil> name:é neg:-1]"],
    ['{{jsonArray (getv "/list")}}', "[3 x <nil> [1] map[k:v]]"],
    ['{{gets "/hosts/*"}}', "[{/hosts/a 10.0.0.1:80} {/hosts/b 10.0.0.2:81}]"],
    ['{{get "/app/name"}}', "{/app/name web}"],
    ["{{seq 1 3}}", "[1 2 3]"],
    ['{{split "a b" " "}}', "[a b]"],
    [
      '{{jsonArray "[1e5,1e6,123456.789,1234567.8,1e20,1e21,0.0001,0.00001,-0,100000]"}}',
      "[100000 1e+06 123456.789 1.2345678e+06 1e+20 1e+21 0.0001 1e-05 -0 100000]",
    ],
    ['{{map "b" 1 "a" nil}}', "map[a:<nil> b:1]"],
    ['{{(map "b" 1 "a" nil).a}}', "<no value>"],
    ['{{index "a" 0}}', "97"],
    ["{{1.0}} {{2.50}} {{1e-7}}", "1 2.5 1e-07"],
    ["{{eq 1 1}}", "true"],
    ['{{printf "%v" nil}}', "<nil>"],
    ['{{range jsonArray "[[null],null]"}}{{.}} {{end}}', "[<nil>] <no value> "],
  ],
};
