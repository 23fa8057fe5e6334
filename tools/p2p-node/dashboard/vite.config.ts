import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The page is at PREFIX/dashboard, where PREFIX may be a secret of the loopback proxy: all addresses are relative to it.
  base: './',
  build: {
    assetsDir: 'dashboard/assets',
    target: 'es2021',
    modulePreload: false,
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // A phone loads it: terser takes a twentieth less than esbuild.
    minify: 'terser',
    terserOptions: { ecma: 2020, module: true, compress: { passes: 3 } },
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  test: { include: ['test/**/*.test.ts'], environment: 'node' },
});
