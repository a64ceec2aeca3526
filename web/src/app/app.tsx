// Everything that is there once: the cache of answers, the router, what is said for a moment.

import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Notices } from "@/ui/notices";
import { queries } from "./queries";
import { router } from "./router";

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Notices>
        <RouterProvider router={router} />
      </Notices>
    </QueryClientProvider>
  );
}
