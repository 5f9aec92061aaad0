// The agencies by code: whatever page one is on, an agency has a name.
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { get, Trouble } from '@/api/http'
import type { Lang, Named } from '@/api/types'

type Known = Named & { code: string }

export const useAgencies = defineStore('agencies', () => {
  const known = shallowRef(new Map<string, Known>())

  function take(list: readonly Known[]): void {
    known.value = new Map(list.map((one) => [one.code, one]))
  }

  /** The name, or the code where there is none. */
  function name(code: string, lang: Lang): string {
    const agency = known.value.get(code)
    return agency ? (lang === 'zh' ? agency.name_zh : agency.name_en) : code
  }

  async function read(): Promise<void> {
    try {
      take(await get<Known[]>('/api/alliance/agencies'))
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble // codes stand in the place of names
    }
  }

  return { known, take, name, read }
})
