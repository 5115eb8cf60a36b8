/** What the store holds in all written cases. */
export const STORE: Readonly<Record<string, string>> = {
  "/app/name": "web",
  "/app/port": "8080",
  "/app/empty": "",
  "/hosts/a": "10.0.0.1:80",
  "/hosts/b": "10.0.0.2:81",
  "/dir/x/1": "one",
  "/dir/y/2": "two",
  "/members/m1": '{"conn_url":"postgres://10.0.0.5:5432/postgres","api_url":"http://10.0.0.5:8008/patroni"}',
  "/json": '{"a":{"b":[1,2.5,"s",null,true]},"big":12345678,"n":null,"name":"é","neg":-1}',
  "/list": '[3,"x",null,[1],{"k":"v"}]',
};

/** A template and what becomes of it: the output, or the words of Go's error. */
export type WrittenCase = readonly [template: string, outcome: string | Failure];

/** The error that a template ends with. */
export interface Failure {
  readonly error: string;
}

/** The outcome of a template that fails, without the `template: t:` that begins all messages. */
export function failure(error: string): Failure {
  return { error: `template: t:${error}` };
}
