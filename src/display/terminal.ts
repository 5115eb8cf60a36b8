/** How many signs a terminal shows. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The terminal that a person looks at and types into. */
export interface Terminal {
  readonly size: Size;
  /** Whether it is to show colours. */
  readonly hasColours: boolean;
  /** Has the whole screen until disposed, or until the process ends in whatever way; then all is there as it was before. */
  takeScreen(): Disposable;
  /** Calls `listener` whenever the size has changed, until disposed. */
  onResize(listener: () => void): Disposable;
  /** Calls `listener` with each key as it is sent, Ctrl-C among them, until disposed; with none where nobody can type. */
  onKey(listener: (key: string) => void): Disposable;
}
