// Where in the office one is: `#/alliance/chiefs`, kept in the address so that a page can be reloaded, linked and gone back from.
import { ref } from 'vue'

const HASH = /^#\/([a-z][a-z0-9-]*)(?:\/([a-z][a-z0-9-]*))?/

/** The page named by an address's hash; '' is the board. */
export const placeOf = (hash: string): string => HASH.exec(hash)?.[1] ?? ''

/** The part of the page named there, '' where none is. */
export const partOf = (hash: string): string => HASH.exec(hash)?.[2] ?? ''

export const place = ref(placeOf(window.location.hash))
export const part = ref(partOf(window.location.hash))

function look(): void {
  place.value = placeOf(window.location.hash)
  part.value = partOf(window.location.hash)
}
window.addEventListener('hashchange', look)

export function go(page: string, to = ''): void {
  window.location.hash = page === '' ? '' : `#/${page}${to === '' ? '' : `/${to}`}`
  look()
}
