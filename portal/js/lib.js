// The one place that names the vendored library (see ../vendor/README.txt).
export {
  html,
  render,
  useEffect,
  useErrorBoundary,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "../vendor/htm-preact.js";
