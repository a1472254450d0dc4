//! What the guards of a `Mutex` and of an `RwLock` have in common: Tokio's guard, and word of its end.

/// A guard around Tokio's of the same name. `of` is the lock that it can name, or `()`.
macro_rules! guard {
    (
        $(#[$attribute:meta])*
        [$($parameters:tt)*] $name:ident [$($args:tt)*] [$($generics:tt)*] of $of:ty: $target:ident
    ) => {
        $(#[$attribute])*
        pub struct $name<$($parameters)*> {
            // In this order: Tokio wakes who waits, then it is told.
            real: real::$name<$($args)*>,
            held: Held,
            of: $of,
        }

        impl<$($generics)*> std::ops::Deref for $name<$($args)*> {
            type Target = $target;
            fn deref(&self) -> &$target {
                &self.real
            }
        }

        impl<$($generics)*> fmt::Debug for $name<$($args)*>
        where
            $target: fmt::Debug,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.real.fmt(f)
            }
        }

        impl<$($generics)*> fmt::Display for $name<$($args)*>
        where
            $target: fmt::Display,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.real.fmt(f)
            }
        }
    };
}

/// One that can be written through.
macro_rules! guard_mut {
    (
        $(#[$attribute:meta])*
        [$($parameters:tt)*] $name:ident [$($args:tt)*] [$($generics:tt)*] of $of:ty: $target:ident
    ) => {
        guard!($(#[$attribute])* [$($parameters)*] $name [$($args)*] [$($generics)*] of $of: $target);

        impl<$($generics)*> std::ops::DerefMut for $name<$($args)*> {
            fn deref_mut(&mut self) -> &mut $target {
                &mut self.real
            }
        }
    };
}

/// A guard of a part of the value: the lock stays held.
macro_rules! maps {
    ($from:ident::$map:ident, $try_map:ident<V$(: $unsized:tt Sized)?>($($seen:tt)*) -> $to:ident [$($args:tt)*] ($($part:tt)*) $(of $of:ident)?) => {
        pub fn $map<V$(: $unsized Sized)?>(
            this: Self,
            f: impl FnOnce($($seen)*) -> $($part)* V,
        ) -> $to<$($args)*> {
            let Self { real, held, of: lock } = this;
            let real = real::$from::$map(real, f);
            $to { real, held, of: maps!(lock $($of)?) }
        }

        pub fn $try_map<V$(: $unsized Sized)?>(
            this: Self,
            f: impl FnOnce($($seen)*) -> Option<$($part)* V>,
        ) -> Result<$to<$($args)*>, Self> {
            let Self { real, held, of: lock } = this;
            match real::$from::$try_map(real, f) {
                Ok(real) => Ok($to { real, held, of: maps!(lock $($of)?) }),
                Err(real) => Err(Self { real, held, of: lock }),
            }
        }
    };
    ($lock:ident) => {{
        let _ = $lock;
    }};
    ($lock:ident of) => { $lock };
}

pub(super) use {guard, guard_mut, maps};
