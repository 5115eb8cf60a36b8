/** How HAProxy is made to read its file anew. */
export type ReloadDriver =
  | { readonly kind: "master"; readonly socket: string }
  | { readonly kind: "signal"; readonly pidFile: string }
  | { readonly kind: "systemd"; readonly unit: string }
  | { readonly kind: "command"; readonly command: string };
