use tokio::sync::watch;

/// How urgently the user wants the run to end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    #[default]
    None,
    Soon,
    Now,
}

/// Tells a run to end.
#[derive(Debug)]
pub struct Canceller(watch::Sender<Urgency>);

/// Told to end.
#[derive(Debug, Clone)]
pub struct Cancel(watch::Receiver<Urgency>);

/// A canceller and what it cancels.
pub fn cancellation() -> (Canceller, Cancel) {
    let (sender, receiver) = watch::channel(Urgency::None);
    (Canceller(sender), Cancel(receiver))
}

impl Canceller {
    /// Ends the run gracefully; the second time, at once. Returns whether this
    /// was the first time.
    pub fn press(&self) -> bool {
        let mut first = false;
        self.0.send_modify(|urgency| {
            first = *urgency == Urgency::None;
            *urgency = if first { Urgency::Soon } else { Urgency::Now };
        });
        first
    }
}

impl Cancel {
    /// Whether the user has asked for the end.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow() >= Urgency::Soon
    }

    /// Waits until the user asks for the end; for ever if nobody can any more.
    pub async fn cancelled(&self) {
        self.reached(Urgency::Soon).await;
    }

    /// Waits until the user asks for the end at once.
    pub async fn cancelled_now(&self) {
        self.reached(Urgency::Now).await;
    }

    async fn reached(&self, wanted: Urgency) {
        let mut receiver = self.0.clone();
        if receiver
            .wait_for(|urgency| *urgency >= wanted)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }
}
