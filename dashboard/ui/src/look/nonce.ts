// The page may hold only style elements that carry its nonce (see the server's Content-Security-Policy). Libraries are
// told it where they ask; some of their parts (the lock of the scroll bar behind a dialogue) do not ask, so it is put
// on every style element at its birth.
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

const create = document.createElement.bind(document);
document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const made = create(name, options);
  if (made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
}) as typeof document.createElement;
