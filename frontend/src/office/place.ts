// Where in the office one is: `#/alliance`, kept in the address so that a page can be reloaded, linked and gone back from.
import { ref } from 'vue'

/** The page named by an address's hash; '' is the board. */
export function placeOf(hash: string): string {
  const found = /^#\/([a-z][a-z0-9-]*)/.exec(hash)
  return found ? found[1]! : ''
}

export const place = ref(placeOf(window.location.hash))
window.addEventListener('hashchange', () => (place.value = placeOf(window.location.hash)))

export function go(page: string): void {
  window.location.hash = page === '' ? '' : `#/${page}`
  place.value = page
}
