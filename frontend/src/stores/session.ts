// Who sits here, and in which language. Where nobody is signed in, the board is not there.
import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { get, post, remove, speak, Trouble, whenSignedOut } from '@/api/http'
import type { Lang, Me } from '@/api/types'
import { setLanguage } from '@/i18n'

const KEPT = 'jiangdun.lang'

function firstLanguage(): Lang {
  const kept = localStorage.getItem(KEPT)
  if (kept === 'zh' || kept === 'en') return kept
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh'
}

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const known = ref(false) // whether the server has been asked who we are
  const ended = ref(false) // a session that was there has ended: said on the sign-in page
  const lang = ref<Lang>(firstLanguage())

  watch(
    lang,
    (now) => {
      speak(now)
      setLanguage(now)
      localStorage.setItem(KEPT, now)
    },
    { immediate: true },
  )

  async function restore(): Promise<void> {
    try {
      me.value = await get<Me>('/api/session')
    } catch (trouble) {
      if (!(trouble instanceof Trouble)) throw trouble
      if (trouble.status === 0) throw trouble // not reached: not the same as not signed in
      me.value = null
    }
    known.value = true
  }

  async function signIn(username: string, password: string): Promise<void> {
    me.value = await post<Me>('/api/session', { username, password })
    ended.value = false
  }

  async function signOut(): Promise<void> {
    await remove('/api/session')
    me.value = null
    ended.value = false
  }

  function lost(): void {
    if (me.value) ended.value = true
    me.value = null
  }

  function otherLanguage(): void {
    lang.value = lang.value === 'zh' ? 'en' : 'zh'
  }

  whenSignedOut(lost)
  return { me, known, ended, lang, restore, signIn, signOut, lost, otherLanguage }
})
