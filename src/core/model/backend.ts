/** A place that keys come from. Equal ones (by `JSON.stringify`) are one and the same. */
export type Backend =
  | {
      readonly kind: "etcd";
      readonly endpoints: readonly string[];
      readonly username?: string;
      readonly password?: string;
      /** Its first line is the password, read at each log-in. */
      readonly passwordFile?: string;
      /** Paths of PEM files. */
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
    }
  | {
      readonly kind: "redis";
      /** Nodes, of which the first that answers is taken; each with the number of its database. */
      readonly endpoints: readonly string[];
      readonly username?: string;
      readonly password?: string;
      /** Its first line is the password, read at each log-in. */
      readonly passwordFile?: string;
      /** Paths of PEM files. */
      readonly ca?: string;
      readonly cert?: string;
      readonly key?: string;
      /** What names have where keys have a slash. */
      readonly separator?: string;
    }
  | {
      readonly kind: "zookeeper";
      /** Servers of an ensemble, of which the first that answers is taken. */
      readonly endpoints: readonly string[];
      /** The node below which the keys are; the whole tree where none is named. */
      readonly root?: string;
      readonly username?: string;
      readonly password?: string;
      /** Its first line is the password, read at each log-in. */
      readonly passwordFile?: string;
    }
  | {
      readonly kind: "consul";
      /** Agents of a Consul, of which one after another is tried; `http://` or `https://` before each. */
      readonly endpoints: readonly string[];
      /** The path below which the keys are; all of them where none is named. */
      readonly root?: string;
      /** With a name, a password is for what stands before Consul; without one it is a token of Consul's own. */
      readonly username?: string;
      readonly password?: string;
      /** Its first line is the password, read for each request. */
      readonly passwordFile?: string;
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
      /** Where the servers are whose addresses are the lines of the files, which are no documents then. */
      readonly serversAt?: string;
    }
  /** Servers that are always there. */
  | {
      readonly kind: "nodes";
      /** `ip:port` of each. */
      readonly addresses: readonly string[];
      /** Below which key they are. */
      readonly serversAt: string;
    };

/** Whose rules apply where the two confds differ: kelseyhightower's or abtreece's. */
export type Compat = "classic" | "fork";
