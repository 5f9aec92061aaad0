// Errors say what is wrong and what to do next, in the reader's language, and stay until read.
import { ElNotification } from 'element-plus'
import { Trouble } from '@/api/http'
import { i18n } from '@/i18n'

export function sayTrouble(trouble: unknown): void {
  if (!(trouble instanceof Trouble)) throw trouble
  ElNotification({ type: 'error', title: trouble.text || trouble.code, message: trouble.next, duration: 12_000, position: 'bottom-right' })
}

export function sayDone(what: string): void {
  ElNotification({ type: 'success', title: what, message: i18n.global.t('said.ok'), duration: 2_500, position: 'bottom-right' })
}

export function sayHint(what: string): void {
  ElNotification({ type: 'warning', title: what, message: '', duration: 6_000, position: 'bottom-right' })
}
