/** A place that keys come from. Equal ones (by `JSON.stringify`) are one and the same. */
export type Backend =
  | {
      readonly kind: "etcd";
      readonly endpoints: readonly string[];
      readonly username?: string;
      readonly password?: string;
      /** Paths of PEM files. */
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
    }
  /** The environment of the process. */
  | { readonly kind: "env" }
  /** Documents in YAML or JSON. */
  | {
      readonly kind: "file";
      /** Files and folders, later ones over earlier ones. */
      readonly paths: readonly string[];
      /** Which files of a folder, as Go's filepath.Match. */
      readonly filter: string;
      /** Whether `yes`, `no`, `on` and `off` are truth values, as in YAML 1.1. */
      readonly yesIsTrue: boolean;
    };

/** Whose rules apply where the two confds differ: kelseyhightower's or abtreece's. */
export type Compat = "classic" | "fork";
