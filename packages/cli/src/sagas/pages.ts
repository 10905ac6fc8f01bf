// Reads a list page by page.

/** The pages from a position on, until there is no next one or the caller has enough. */
export async function* pagesOf<Page extends { readonly next: number | null }>(
  read: (from: number) => Promise<Page>,
  from = 1,
): AsyncGenerator<Page> {
  for (let next: number | null = from; next !== null; ) {
    const page: Page = await read(next)
    yield page
    next = page.next
  }
}
