// The shapes of what the server sends and the modules hand each other; for `make check` alone, served to nobody.

/** What Gradio gives the script of a component. */
interface Component {
  element: HTMLElement;
  props: { value: any };
  server: Record<string, (wanted: unknown) => Promise<any>>;
  trigger: (event: string, data?: unknown) => void;
  watch: (name: string, act: () => void) => void;
}

/** What `make` puts into an element: text becomes a text node, nothing of it markup. */
type Child = Node | string | number | null | undefined;

/** A place in an article. */
interface Place {
  id: string;
  start?: number;
  end?: number;
  quote?: string;
  check?: string;
  about?: string;
  opener?: HTMLElement | null;
}

interface Card {
  number: number | null;
  article_id: string;
  title: string;
  about: string;
  url: string | null;
  start: number;
  end: number;
  check: string;
  header: string;
  before: string;
  quote: [string, string, string];
  after: string;
  why: string;
}

interface Turn {
  number: number;
  question: string;
  kind: "answered" | "related" | "not_in_corpus" | "about" | "error";
  text: string;
  cards: Card[];
  only: string;
  link: [string, string][];
  searched_for: string;
  overview: boolean;
  without: string[];
  later: Card[];
}

/** A conversation as this browser keeps it. */
interface Conversation {
  id: string;
  name: string;
  votes: Record<string, boolean>;
  updated: string;
  turns: Turn[];
}

interface Headline {
  id: string;
  title: string;
  about: string;
  lead: string;
}

interface Bar {
  label: string;
  since: string;
  until: string;
  count: number;
}

interface FrontPage {
  headlines: Headline[];
  articles: number;
  sources: [string, number][];
  tags: [string, number][];
  bars: Bar[];
}

interface Part {
  text: string;
  marked: boolean;
}

interface Block {
  level: number;
  parts: Part[];
  page: number | null;
  cells: Part[][];
  head: boolean;
}

interface ArticleView {
  title: string;
  about: string;
  url: string | null;
  note: string;
  blocks: Block[];
  missing?: string;
}

interface Filter {
  sources: string[];
  tags: string[];
  since: string | null;
  until: string | null;
}

interface Listed {
  id: string;
  title: string;
  about: string;
  source: string | null;
  published: string | null;
  tags: string[];
  passages: number;
  state: "indexed" | "changed" | "gone" | "new" | "refused";
  cause: string;
  file: boolean;
}

interface Listing {
  articles: Listed[];
  total: number;
  sources: [string, number][];
  tags: [string, number][];
}

interface Status {
  title: string;
  articles: number;
  built: string;
  changed: boolean | null;
  held: boolean;
  admin: boolean;
}

interface Problem {
  id: string;
  cause: string;
}

interface Some<T> {
  count: number;
  first: T[];
}

interface Receipt {
  seconds: number;
  scanned: number;
  unchanged: number;
  encoded: number;
  passages: number;
  added: Some<string>;
  modified: Some<string>;
  renamed: Some<{ old: string; new: string }>;
  deleted: Some<string>;
  rejected: Some<Problem>;
  broken: Some<Problem>;
  warnings: Some<Problem>;
}

/** A rebuild as the server tells it; `error` alone where there is no server. */
interface Job {
  running?: boolean;
  stage?: string;
  done?: number;
  total?: number;
  receipt?: Receipt | null;
  error?: string;
  confirm?: boolean;
}

interface Generation {
  name: string;
  created: string | null;
  articles: number;
  passages: number;
  current: boolean;
  damage: boolean;
}
