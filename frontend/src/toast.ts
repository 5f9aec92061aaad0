// What went wrong and what to do next, in the reader's language. Over the map, where it covers no button.
import { ref } from 'vue'
import { Trouble } from '@/api/http'

export interface Toast {
  id: number
  tone: 'bad' | 'hint'
  text: string
  next: string
}

export const TOASTS_MAX = 4
export const BAD_MS = 12_000
export const HINT_MS = 6_000

export const toasts = ref<Toast[]>([])
let last = 0

function say(tone: Toast['tone'], text: string, next: string, for_ms: number): void {
  const id = ++last
  toasts.value = [...toasts.value.filter((t) => t.text !== text), { id, tone, text, next }].slice(-TOASTS_MAX)
  setTimeout(() => hush(id), for_ms)
}

export function hush(id: number): void {
  toasts.value = toasts.value.filter((t) => t.id !== id)
}

export function sayTrouble(trouble: unknown): void {
  if (!(trouble instanceof Trouble)) throw trouble
  say('bad', trouble.text || trouble.code, trouble.next, BAD_MS)
}

export const sayHint = (text: string): void => say('hint', text, '', HINT_MS)
