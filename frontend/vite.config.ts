import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const desk = process.env.JIANGDUN_DESK ?? 'http://127.0.0.1:8600'

export default defineConfig({
  base: '/static/board/',
  plugins: [vue()],
  resolve: { alias: { '@': here('./src') } },
  define: { __VUE_OPTIONS_API__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  worker: { format: 'es' },
  build: {
    outDir: here('../src/jiangdun/web/static/board'),
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { checks: { pluginTimings: false } },
    assetsInlineLimit: 0, // the content policy allows no data: scripts or styles
  },
  server: {
    proxy: { '/api': desk, '/ws': { target: desk.replace(/^http/, 'ws'), ws: true } },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'], css: false },
})
