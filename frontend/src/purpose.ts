// What somebody looks at others' things for: asked once when the server wants it, kept for this tab, sent with every request.
import { ref } from 'vue'
import { sendPurpose, whenPurposeNeeded } from '@/api/http'

export interface PurposeChoice {
  code: string
  text: string
}

const KEY = 'jiangdun.purpose'
/** A desk at work looks in order to command, and says so; where an annex is not for that, it is asked. */
const OF_THE_DESK = 'command'

/** What may be chosen now; null while nothing is asked. */
export const asked = ref<readonly PurposeChoice[] | null>(null)
let answer: (code: string | null) => void = () => undefined
let open: Promise<string | null> | null = null

export function choose(code: string | null): void {
  asked.value = null
  open = null
  if (code !== null) {
    window.sessionStorage.setItem(KEY, code)
    sendPurpose(code)
  }
  answer(code)
}

/** Several requests that want a purpose at once are one question. */
export function askPurpose(choices: readonly PurposeChoice[]): Promise<string | null> {
  open ??= new Promise((resolve) => {
    answer = resolve
    asked.value = choices
  })
  return open
}

export function startPurpose(): void {
  sendPurpose(window.sessionStorage.getItem(KEY) ?? OF_THE_DESK)
  whenPurposeNeeded(askPurpose)
}
