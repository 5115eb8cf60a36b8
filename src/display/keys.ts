// eslint-disable-next-line no-control-regex -- special keys begin with that very character
const KEY = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[\s\S]/gu;

/** The keys of what a terminal has sent, of which many come at once when somebody pastes, or types over a slow line. */
export function keysIn(sent: string): readonly string[] {
  return sent.match(KEY) ?? [];
}
