// Small words every panel needs: the text of a pair, an age, a name for a code.
import { useI18n } from 'vue-i18n'
import type { Named } from '@/api/types'
import type { Names } from '@/facts'
import { useAgencies } from '@/stores/agencies'
import { useBoard } from '@/stores/board'
import { useSession } from '@/stores/session'

type Pair<K extends string> = Record<`${K}_zh` | `${K}_en`, string>

export function useWording() {
  const { t, te } = useI18n()
  const session = useSession()
  const board = useBoard()
  const agencies = useAgencies()

  /** `x_zh` or `x_en` of a thing, whichever is read; the other where one is empty. */
  function pick<K extends string>(thing: Pair<K>, key: K): string {
    const zh = thing[`${key}_zh`]
    const en = thing[`${key}_en`]
    return session.lang === 'zh' ? zh || en : en || zh
  }

  const named = (thing: Named): string => pick(thing, 'name')

  function age(ms: number): string {
    const s = Math.max(0, Math.floor(ms / 1000))
    if (s < 60) return t('age.s', { n: s })
    if (s < 3600) return t('age.m', { n: Math.floor(s / 60) })
    if (s < 172_800) return t('age.h', { n: Math.floor(s / 3600) })
    return t('age.d', { n: Math.floor(s / 86_400) })
  }

  /** The word for a code, or the code itself where there is none. */
  const word = (group: string, code: string): string => (te(`${group}.${code}`) ? t(`${group}.${code}`) : code)

  const agency = (code: string): string => agencies.name(code, session.lang)

  const names: Names = {
    agency,
    result: (code) => word('result', code),
    clock: (code) => word('clock', code),
    source: (code) => word('source_of', code),
    secrecy: (code) => word('secrecy', `l${code}`),
    unit: (id) => board.units.get(id)?.call_sign ?? id.slice(0, 8),
  }

  return { t, pick, named, age, word, agency, names }
}
