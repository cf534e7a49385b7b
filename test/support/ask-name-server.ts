/** Preloaded into a process under test: every resolver it makes asks the name server named in NAME_SERVER. */
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const { NAME_SERVER } = process.env;

Object.assign(dns, {
  Resolver: new Proxy(dns.Resolver, {
    construct(original, options) {
      const resolver = Reflect.construct(original, options);
      if (NAME_SERVER !== undefined) resolver.setServers([NAME_SERVER]);
      return resolver;
    },
  }),
});
syncBuiltinESMExports();
