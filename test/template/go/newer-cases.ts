import { failure, type WrittenCase } from "./case-store.js";

/** What Go has added since the reference (1.19): by the words of its documentation, not compared. */
export const NEWER: Readonly<Record<string, readonly WrittenCase[]>> = {
  "range over an integer": [
    ["{{range 3}}{{.}},{{end}}", "0,1,2,"],
    ["{{range $i := 2}}{{$i}}{{.}};{{end}}", "00;11;"],
    ["{{range 0}}a{{else}}none{{end}}", "none"],
    ["{{range -2}}a{{else}}none{{end}}", "none"],
    ["{{range 5}}{{if eq . 2}}{{continue}}{{end}}{{if eq . 4}}{{break}}{{end}}{{.}}{{end}}", "013"],
    ['{{range len (gets "/hosts/*")}}x{{end}}', "xx"],
    ['{{range (index "\\x02" 0)}}{{printf "%T%d " . .}}{{end}}', "uint80 uint81 "],
    [
      "{{range $i, $v := 3}}{{end}}",
      failure('1:18: executing "t" at <3>: can\'t use 3 to iterate over more than one variable'),
    ],
    [
      "{{range $i, $v := 0}}{{else}}none{{end}}",
      failure('1:18: executing "t" at <0>: can\'t use 0 to iterate over more than one variable'),
    ],
    ["{{range 1.5}}{{end}}", failure('1:8: executing "t" at <1.5>: range can\'t iterate over 1.5')],
  ],
  "else with": [
    ["{{with 0}}a{{else with 5}}b{{.}}{{end}}", "b5"],
    ["{{with 1}}a{{.}}{{else with 5}}b{{end}}", "a1"],
    ["{{with 0}}a{{else with 0}}b{{else}}c{{end}}", "c"],
    ['{{with $x := ""}}{{else with $y := "y"}}{{$x}}{{$y}}{{end}}', "y"],
    ["{{with 0}}{{else with 0}}{{else with 3}}{{.}}{{end}}", "3"],
    ["{{if 0}}{{else with 1}}{{end}}", failure("1: unexpected <with> in input")],
    ["{{with 0}}{{else if 1}}{{end}}", failure("1: unexpected <if> in input")],
    ["{{range seq 1 2}}{{else with 1}}{{end}}", failure("1: unexpected <with> in input")],
  ],
  "assignment by range": [
    ["{{$x := 9}}{{$y := 0}}{{range $x = seq 1 3}}{{$x}}{{end}}{{$x}}{{$y}}", "12330"],
    ['{{$i := 9}}{{$v := ""}}{{range $i, $v = split "a b" " "}}{{$i}}{{$v}}{{end}}{{$i}}{{$v}}', "0a1b1b"],
  ],
  "what a stack holds": [
    [
      '{{define "x"}}{{template "x"}}{{end}}{{template "x"}}',
      failure('1:25: executing "x" at <{{template "x"}}>: exceeded maximum template depth (1000)'),
    ],
  ],
};
